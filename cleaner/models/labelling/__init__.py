"""Labels by a large model: requests, rubrics, budgets, and the loop with training."""
