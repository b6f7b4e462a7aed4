"""What a newcomer's machine lacks: a database, a broker and a chain of its own, on loopback, stopped with the parent.

Each part serves only where its URL is not set in the environment; production settings refuse all of them.
"""
