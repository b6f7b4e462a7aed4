"""Language models by the token: watt-hours per thousand tokens that a model writes, and the share that reading costs."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache

from emissions.engine.band import Band
from emissions.engine.terms import Term
from emissions.engine.usage.use import Ask, Modelled
from emissions.grid.catalog import FactorSet
from emissions.grid.factors import Factor

_OUTPUT = re.compile(r"(?i)output|\bout(?:p|pt)?\b|completion|generated|response")
_CACHED = re.compile(r"(?i)cach|\bcchd\b")
_MODELS = "tokens.output."


def inference(ask: Ask) -> Modelled:
    """One token: of the model whose name the usage type holds, else of a model that is not listed."""
    text = f"{ask.key.usage_type} {ask.key.operation}"
    model = _model(ask, text)
    at_rack, making = ask.factor("tokens.at_rack"), ask.factor("embodied.tokens_share")
    wh = (Band.of(model) * Band.of(at_rack)).scaled(Fraction(1, 1000))
    terms: tuple[Term, ...] = (Term.of("tokens", model), Term.of("without the source's PUE", at_rack))
    if not _OUTPUT.search(text):
        share = ask.factor("tokens.cached_share" if _CACHED.search(text) else "tokens.input_share")
        wh, terms = wh * Band.of(share), (*terms, Term.of("read, not written", share))
    terms = (*terms, Term.of("embodied", making))
    # The servers' making in proportion to their energy, as EcoLogits has it for the same models.
    embodied = wh * Band.of(making)
    listed = model.id != f"{_MODELS}unlisted"
    reason = f"by {model.id}" if listed else f"the model is not listed: by {model.id}"
    return Modelled(wh, embodied, "proxy", reason, terms)


def _model(ask: Ask, text: str) -> Factor:
    plain = re.sub(r"[^a-z0-9]", "", text.lower())
    for fragment, name in _listed(ask.factors):
        if fragment in plain:
            found = ask.optional(name)
            if found is not None:
                return found
    return ask.factor(f"{_MODELS}unlisted")


@lru_cache(maxsize=8)
def _listed(factors: FactorSet) -> tuple[tuple[str, str], ...]:
    """Model names without punctuation, the longest first, and their coefficients."""
    names = {row["id"] for row in factors.tables["coefficients"] if row["id"].startswith(_MODELS)}
    found = [(re.sub(r"[^a-z0-9]", "", name.removeprefix(_MODELS)), name) for name in names]
    return tuple(sorted(found, key=lambda pair: (-len(pair[0]), pair[0])))
