"""``python -m gxarena``."""

from gxarena.cli.app import main

if __name__ == "__main__":
    main()
