"""Pages for people: what is coming, as each network will show it. Files only: no server, no build step, no outside request."""
