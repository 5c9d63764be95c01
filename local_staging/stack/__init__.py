"""The parts of the embedded staging as supervised processes: databases, monitoring, sandbox and service."""
