"""What a user may write of each stage, one module each; none loads what the stage works with."""
