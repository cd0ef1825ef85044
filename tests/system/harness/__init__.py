"""What the system and interop tests are made of: one small module for each thing that they start or look at."""
