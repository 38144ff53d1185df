"""A provider of generated videos that is none: both HTTP shapes over a real socket, misbehaving on order.

It is written from what is known of the providers, and knows nothing of the services, so that they cannot
share a mistake.
"""
