"""What a simulated org starts with: one small readable file per scenario, and the code that fills an org from it."""
