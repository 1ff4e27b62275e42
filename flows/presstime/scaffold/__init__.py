"""What `init` and `new` write: a newsroom from nothing or beside a site, and a post as that site has its own."""
