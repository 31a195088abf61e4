"""What is installed, written as pages: `gxarena docs` and the documentation site show the same."""
