"""What a meter or module is, as data: quantities, profiles (one TOML file per model), loader and selection."""
