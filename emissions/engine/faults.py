"""What can be wrong with a line, so that it is quarantined: counted and shown, never valued."""

from __future__ import annotations

NO_LINE_TYPE, NO_ACCOUNT, NO_START, NO_PERIOD, OUTSIDE_PERIOD, NO_QUANTITY, NO_COST, TOO_LARGE, WRONG_UNIT, FORMULA = range(1, 11)

# The stable code of each, and what it says. The first that applies counts; a good line has 0.
FAULTS = {
    NO_LINE_TYPE: ("line.type", "the line has no line type."),
    NO_ACCOUNT: ("line.account", "the line names no usage account."),
    NO_START: ("line.timestamp", "the usage start is not a time."),
    NO_PERIOD: ("line.period", "the billing period's start is not a time."),
    OUTSIDE_PERIOD: ("line.outside_period", "the usage starts outside its billing period."),
    NO_QUANTITY: ("line.quantity", "the quantity is not a decimal number that can be valued."),
    NO_COST: ("line.cost", "the cost is not a number."),
    TOO_LARGE: ("line.too_large", "the line is too large to be valued exactly (2^53 µg or µWh)."),
    WRONG_UNIT: ("line.unit", "the unit does not fit the usage type."),
    FORMULA: ("line.formula", "a text begins like a spreadsheet's formula."),
}
