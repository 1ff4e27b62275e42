"""Servers for one machine: S3 and Prefect as child processes, shared by all presstime processes of a content root."""
