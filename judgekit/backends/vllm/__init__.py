"""vLLM's engine behind ours."""
