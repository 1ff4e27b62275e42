"""Instants, zones and the rules for local times that do not exist or exist twice. The only user of pendulum."""
