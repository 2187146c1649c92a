"""A reason stays as it was given, however a plan is carried on."""

from hypothesis import example, given
from hypothesis import strategies as st

from tests.functions.caller import FunctionCaller
from tests.functions.shop import HOUR_S, Shop
from tests.fuzz.amount import some

LONGEST = 200
AFTER_ITS_LIFE_S = 960
FAMILY = "\U0001f469\u200d\U0001f467"
REASONS = st.text(st.characters(exclude_categories=["Cs"]), max_size=LONGEST)


@some(12)
@given(REASONS)
@example("x" * (LONGEST - len(FAMILY)) + FAMILY)
@example("\u202e" * LONGEST)
@example("\x00\n" * (LONGEST // 2))
def test_a_reason_survives_a_plan_that_is_made_anew(functions: FunctionCaller, shop: Shop, reason: str) -> None:
    plan = functions.run({"action": "rewind", "target": "shop/orders/billing", "to": "1h", "reason": reason})
    shop.commit(0, shop.checkpoints()[0], ago_s=HOUR_S)

    anew = functions.run({"action": "apply", "plan_id": plan.json["plan_id"]})
    (apply,) = anew.json["next"]
    shop.sls.control("clock", {"skew_s": AFTER_ITS_LIFE_S})
    expired = functions.run(apply)
    shop.sls.control("clock", {"skew_s": 0})

    assert anew.error["code"] == "changed_since_plan"
    assert apply == {"action": "apply", "plan_id": anew.json["plan_id"]}
    assert expired.error["code"] == "plan_expired"
    assert expired.json["next"][0].get("reason", "") == reason
