"""A job file becomes a Job, a Job with its input a Plan; mistakes are refused before any work."""
