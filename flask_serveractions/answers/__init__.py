"""What goes out: an outcome or a failure becomes the response for whoever asked.

In: What a function returned or raised, and the call.

Out: A response: JSON, problem details, a redirect, or the page again.
"""
