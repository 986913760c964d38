"""Events for other programs: webhooks from the outbox, pop by pull and by push."""
