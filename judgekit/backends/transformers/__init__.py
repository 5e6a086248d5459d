"""Models of the transformers library, in this process: slots of ours, continuous batches."""
