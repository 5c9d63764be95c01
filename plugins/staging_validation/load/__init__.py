"""The load: what is sent when, what the answers say of the platform, and what must be in its database afterwards."""
