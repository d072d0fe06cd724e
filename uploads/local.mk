# What people send.
