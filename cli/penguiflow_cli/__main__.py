"""`python -m penguiflow_cli` is the `penguiflow` command."""

from penguiflow_cli.app import main

if __name__ == "__main__":
    main()
