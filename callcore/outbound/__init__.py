"""The one room through which anything leaves: the gate (pure), the pace (pure), the ledger."""
