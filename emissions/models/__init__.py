"""Bills, their versions, and the append-only hourly ledger of one organisation."""

from emissions.models.bills import Bill, BillAccount, BillVersion, Progress, QuarantinedLine, Upload, UploadFile
from emissions.models.instruments import InstrumentReversal, MarketInstrument
from emissions.models.ledger import AccountDay, AccountPeriod, LedgerBatch, LedgerDay, LedgerHour, LedgerMonth, LedgerSeries
from emissions.models.reports import ReportedMonth

__all__ = [
    "AccountDay",
    "AccountPeriod",
    "Bill",
    "BillAccount",
    "BillVersion",
    "InstrumentReversal",
    "LedgerBatch",
    "LedgerDay",
    "LedgerHour",
    "LedgerMonth",
    "LedgerSeries",
    "MarketInstrument",
    "Progress",
    "QuarantinedLine",
    "ReportedMonth",
    "Upload",
    "UploadFile",
]
