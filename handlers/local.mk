# A line for each module's folder.
