"""Who may do what, where and how far: `rules` decides, `file` reads policy.toml into them."""
