"""A plan is carried out: driver, engine, phases, and what guards them. Only `engine` knows Ray."""
