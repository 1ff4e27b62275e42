"""What a credential is beyond a plain text: token documents, logging in, keeping, renewing ahead of need, and when it ends."""
