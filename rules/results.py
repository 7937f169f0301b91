"""The results that the public register knows, and what must go with each."""

from __future__ import annotations

from collections.abc import Iterable

CLEAN = "clean"  # 未发现问题
NOT_DISCLOSED = "not_disclosed"  # 未按规定公示应当公示的信息
FALSE_DISCLOSURE = "false_disclosure"  # 公示信息隐瞒真实情况、弄虚作假
UNREACHABLE = "unreachable"  # 通过登记的住所（经营场所）无法联系
CORRECTION = "correction"  # 发现问题已责令改正
OBSTRUCTED = "obstructed"  # 不配合检查情节严重
NO_ACTIVITY = "no_activity"  # 未发现开展本次抽查涉及的经营活动
PENDING = "pending"  # 发现问题待后续处理
CLOSED = "closed"  # 已关闭停业或正在组织清算
CANCELLED = "cancelled"  # 注销
REVOKED = "revoked"  # 被吊销
ANNULLED = "annulled"  # 被撤销
MOVED = "moved"  # 迁出

RESULTS = (
    CLEAN,
    NOT_DISCLOSED,
    FALSE_DISCLOSURE,
    UNREACHABLE,
    CORRECTION,
    OBSTRUCTED,
    NO_ACTIVITY,
    PENDING,
    CLOSED,
    CANCELLED,
    REVOKED,
    ANNULLED,
    MOVED,
)
TERMINAL = frozenset({NO_ACTIVITY, CLOSED, CANCELLED, REVOKED, ANNULLED, MOVED})  # nothing is left to check
WITHOUT_CHECKING = TERMINAL | {UNREACHABLE, OBSTRUCTED}  # the points need no answers
NEEDS_EVIDENCE = TERMINAL | {UNREACHABLE, OBSTRUCTED}
PROBLEMS = frozenset({NOT_DISCLOSED, FALSE_DISCLOSURE, CORRECTION, PENDING})
SUBJECT_SIGNS = PROBLEMS | {OBSTRUCTED}  # somebody was there to whom it was put, and who signs or refuses to
GRAVITY = (  # what somebody did, then what is unfinished or mended, then that nobody was there; clean excludes others
    OBSTRUCTED,
    FALSE_DISCLOSURE,
    PENDING,
    CORRECTION,
    NOT_DISCLOSED,
    UNREACHABLE,
    REVOKED,
    ANNULLED,
    CANCELLED,
    CLOSED,
    MOVED,
    NO_ACTIVITY,
    CLEAN,
)
READY_DISPOSALS = {  # how many ready sentences (处理意见) go with a result; `disposal.RESULT.N` words them
    CLEAN: 2,
    CORRECTION: 3,
    PENDING: 3,
    NOT_DISCLOSED: 2,
    FALSE_DISCLOSURE: 2,
    UNREACHABLE: 2,
    OBSTRUCTED: 2,
}
OTHER_DISPOSALS = 2  # of the results that end a visit


def proposed(answers: Iterable[str]) -> str:
    """The result that the answers to the points suggest."""
    return CORRECTION if "no" in answers else CLEAN


def gravest(results: Iterable[str]) -> str:
    """The result that stands for several items: the gravest; clean only if all are, or there is none."""
    return min(results, key=GRAVITY.index, default=CLEAN)


def ready_disposals(result: str) -> list[str]:
    """The keys of the ready sentences (处理意见) that go with a result."""
    group = result if result in READY_DISPOSALS else "ended"
    return [f"disposal.{group}.{number}" for number in range(READY_DISPOSALS.get(result, OTHER_DISPOSALS))]


def problems(
    result: str, *, failed: int, unanswered: int, evidence: int, correction_ordered: bool, leads: int
) -> list[str]:
    """Why a result does not fit what was found and what follows, as codes; empty if it does.

    `failed` and `unanswered` are numbers of points, `evidence` and `leads` numbers of photos and hand-overs.
    """
    wrong = []
    if unanswered and result not in WITHOUT_CHECKING:
        wrong.append("unanswered")
    if result == CLEAN and failed:
        wrong.append("clean_with_failures")
    if result in PROBLEMS and not failed:
        wrong.append("problem_without_failure")
    if result == CORRECTION and not correction_ordered:
        wrong.append("correction_without_deadline")
    if result == PENDING and not (correction_ordered or leads):
        wrong.append("pending_without_follow_up")
    if result in NEEDS_EVIDENCE and not evidence:
        wrong.append("no_evidence")
    return wrong
