"""Any server that speaks the OpenAI protocol: calls, what it can do (probed), and its replies."""
