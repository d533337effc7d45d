"""What is measured: scripts that start what they measure and print their figures."""
