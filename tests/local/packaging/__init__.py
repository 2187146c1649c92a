"""From source to what is deployed: a folder and a zip for each function of template.yml."""
