"""The routing table: what people can say and press, and who answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from telegram import Update
from telegram.ext import (
    Application,
    BaseHandler,
    CallbackContext,
    CallbackQueryHandler,
    ChatMemberHandler,
    CommandHandler,
    MessageHandler,
    TypeHandler,
    filters,
)

from handlers import (
    annual,
    checklists,
    digests,
    drafting,
    draws,
    evidence,
    fallback,
    imports,
    lead_drafts,
    lead_lists,
    lead_office,
    lead_talk,
    leads,
    letters,
    materials,
    methods,
    objections,
    offers,
    outcomes,
    people,
    planned,
    plans,
    records,
    replacing,
    results,
    review,
    seats,
    signing,
    stages,
    tasks,
    visits,
)
from handlers.buttons import Tap
from handlers.turn import Turn, current

COMMANDS: dict[str, Callable[[Turn], Awaitable[None]]] = {
    "start": people.start,
    "tasks": visits.listed,
    "code": visits.code_of_current,
    "leads": lead_lists.listed,
    "plans": annual.entry,
    "draws": draws.listed,
    "review": review.listed,
    "digest": digests.show,
    "import": imports.explain,
    "invite": people.invite,
    "lang": people.language,
    "help": people.help_,
    "cancel": people.cancel,
}

MENUS = {  # which commands a role finds in its menu
    "inspector": ("tasks", "code", "leads"),
    "supervisor": ("review", "draws", "plans", "digest"),
    "liaison": ("leads", "plans"),
    "deputy": ("leads",),
    "office": ("plans", "leads"),
    "administrator": ("import", "invite", "plans"),
    "": ("start", "lang", "help", "cancel"),
}


EVIDENCE = filters.VOICE | filters.AUDIO | filters.VIDEO | filters.VIDEO_NOTE | filters.LOCATION


def timeless(verb: str, act: Any, load: Any = people.me, show: Any = people.where_you_are) -> Tap:
    """A button that never grows old: it only shows or asks."""
    return Tap(verb, act, load, show, version=None)


BUTTONS = {
    tap.verb: tap
    for tap in (
        timeless("bind", people.bind),
        timeless("bind.no", people.not_me),
        timeless("me", people.where_you_are),
        timeless("help", people.help_),
        timeless("lang", people.choose_language),
        timeless("tasks", visits.listed),
        timeless("visits_back", visits.listed),
        timeless("one_by_one", visits.listed),
        timeless("accept_all", seats.accept_all),
        timeless("visit", visits.card, visits.load, visits.card),
        timeless("code", visits.code, visits.load, visits.card),
        Tap("accept", seats.accept, visits.load, visits.card),
        Tap("recuse", seats.recuse, visits.load, visits.card),
        Tap("leave", seats.leave, visits.load, visits.card),
        Tap("because", seats.because, visits.load, visits.card),
        timeless("leave_all", seats.leave_all, show=visits.listed),
        timeless("leave_all_why", seats.why_leave_all, show=visits.listed),
        timeless("leave_all_yes", seats.left_all, show=visits.listed),
        timeless("object", objections.whom, visits.load, visits.card),
        timeless("object_to", objections.ask_why, visits.load, visits.card),
        timeless("object_yes", objections.approve, visits.load, visits.card),
        timeless("object_no", objections.ask_reject, visits.load, visits.card),
        Tap("drop", replacing.ask_why, replacing.load, visits.card),
        Tap("start", visits.start, visits.load, visits.card),
        timeless("here", visits.here, visits.load, visits.card),
        Tap("yes", checklists.yes, visits.load, visits.card, checklists.answer_version),
        Tap("no", checklists.no, visits.load, visits.card, checklists.answer_version),
        Tap("na", checklists.not_applicable, visits.load, visits.card, checklists.answer_version),
        Tap("choice", checklists.choice, visits.load, visits.card, checklists.answer_version),
        Tap("rely", checklists.rely, visits.load, visits.card, checklists.answer_version),
        timeless("materials", materials.show, visits.load, visits.card),
        timeless("material", materials.tick, visits.load, materials.show),
        timeless("materials_all", materials.all_seen, visits.load, materials.show),
        timeless("rest", checklists.rest, visits.load, visits.card),
        timeless("previous", checklists.previous, visits.load, visits.card),
        timeless("change_points", checklists.points, visits.load, visits.card),
        timeless("point", checklists.point, visits.load, visits.card),
        timeless("to_result", checklists.to_result, visits.load, visits.card),
        timeless("save", checklists.save, visits.load, visits.card),
        Tap("change_result", outcomes.change_result, visits.load, visits.card),
        Tap("item_result", outcomes.item_result, visits.load, visits.card),
        Tap("result", outcomes.result, visits.load, visits.card),
        Tap("summary", outcomes.summary, visits.load, visits.card),
        Tap("summary_is", outcomes.summary_is, visits.load, visits.card),
        Tap("change_date", outcomes.change_date, visits.load, visits.card),
        Tap("days", outcomes.days, visits.load, visits.card),
        timeless("disposal", outcomes.disposal, visits.load, visits.card),
        Tap("disposal_is", outcomes.disposal_is, visits.load, visits.card),
        timeless("subject_scan", signing.scan, visits.load, visits.card),
        timeless("subject_page", signing.ask_page, visits.load, visits.card),
        timeless("subject_refused", signing.ask_refused, visits.load, visits.card),
        timeless("statement", signing.ask_statement, visits.load, visits.card),
        timeless("method", methods.choose, visits.load, visits.card),
        Tap("method_is", methods.chosen, visits.load, visits.card),
        timeless("expert", methods.experts, visits.load, visits.card),
        timeless("expert_is", methods.expert_is, visits.load, visits.card),
        timeless("expert_off", methods.expert_off, visits.load, visits.card),
        timeless("alone", methods.alone, visits.load, visits.card),
        timeless("phones", methods.phones, visits.load, visits.card),
        Tap("sign", results.sign, visits.load, visits.card),
        Tap("confirm", results.sign, visits.load, visits.card),
        timeless("hand_over", lead_drafts.hand_over, visits.load, visits.card),
        timeless("lead_to", lead_drafts.to, visits.load, visits.card),
        timeless("lead_send", lead_drafts.send, visits.load, visits.card),
        timeless("lead_new", lead_drafts.new),
        timeless("free_kind", lead_drafts.kind),
        timeless("free_about", lead_drafts.about, lead_drafts.free, lead_drafts.new),
        timeless("free_to", lead_drafts.free_to, lead_drafts.free, lead_drafts.new),
        timeless("free_send", lead_drafts.free_send, lead_drafts.free, lead_drafts.new),
        timeless("leads", lead_lists.listed),
        timeless("lead_folder", lead_lists.folder),
        timeless("desk", lead_lists.desk),
        timeless("desk_to", lead_lists.desk_to),
        timeless("desk_until", lead_lists.desk_until),
        timeless("desk_back", lead_lists.desk_back),
        timeless("lead", leads.show, leads.load, leads.show),
        timeless("lead_photos", leads.photos, leads.load, leads.show),
        timeless("lead_story", lead_talk.story, leads.load, leads.show),
        timeless("lead_more", lead_talk.more, leads.load, leads.show),
        Tap("lead_accept", leads.accept, leads.load, leads.show),
        Tap("lead_return", lead_talk.ask_return, leads.load, leads.show),
        timeless("lead_better", lead_talk.better, leads.load, leads.show),
        timeless("lead_ask", lead_talk.ask_back, leads.load, leads.show),
        timeless("lead_answer", lead_talk.ask_answer, leads.load, leads.show),
        timeless("lead_note", lead_talk.ask_note, leads.load, leads.show),
        timeless("lead_longer", lead_talk.ask_longer, leads.load, leads.show),
        Tap("lead_extend", lead_talk.extend, leads.load, leads.show),
        Tap("lead_extend_no", lead_talk.extend_no, leads.load, leads.show),
        timeless("lead_withdraw", lead_talk.ask_withdraw, leads.load, leads.show),
        timeless("lead_give", leads.give, leads.load, leads.show),
        Tap("lead_give_to", leads.give_to, leads.load, leads.show),
        Tap("outcome", leads.choose_outcome, leads.load, leads.show),
        Tap("outcome_is", leads.outcome, leads.load, leads.show),
        timeless("resend", lead_office.resend, leads.load, leads.show),
        timeless("resend_to", lead_office.resend_to, leads.load, leads.show),
        timeless("lead_assign", lead_office.assign, leads.load, leads.show),
        timeless("lead_assign_to", lead_office.assign_to, leads.load, leads.show),
        Tap("lead_prolong", lead_office.prolong, leads.load, leads.show),
        timeless("lead_dismiss", lead_office.ask_dismiss, leads.load, leads.show),
        timeless("lead_split", lead_office.split, leads.load, leads.show),
        timeless("lead_split_to", lead_office.split_to, leads.load, leads.show),
        Tap("lead_join", lead_office.join, leads.load, leads.show),
        timeless("review", review.listed),
        timeless("review_one", review.show, review.load, review.show),
        timeless("photos", evidence.sheet, review.load, review.show),
        timeless("originals", evidence.originals, review.load, review.show),
        Tap("approve", review.approve, review.load, review.show),
        Tap("send_back", review.ask_why, review.load, review.show),
        timeless("plans", plans.listed),
        timeless("annual", annual.listed),
        timeless("plan", annual.show, annual.load, annual.show),
        Tap("plan_submit", annual.submit, annual.load, annual.show),
        Tap("plan_take_back", annual.take_back, annual.load, annual.show),
        Tap("plan_approve", annual.approve, annual.load, annual.show),
        Tap("plan_reject", annual.ask_why_rejected, annual.load, annual.show),
        Tap("plan_publish", annual.publish, annual.load, annual.show),
        timeless("plan_file", annual.ask_where, annual.load, annual.show),
        Tap("plan_file_is", annual.filed, annual.load, annual.show),
        timeless("plan_change", annual.ask_why_changed, annual.load, annual.show),
        timeless("plan_discard", annual.ask_discard, annual.load, annual.show),
        Tap("plan_discard_yes", annual.discard, annual.load, annual.show),
        timeless("new_plan", drafting.choose_year, drafting.drafter, annual.listed),
        timeless("plan_year", drafting.choose_name, drafting.drafter, annual.listed),
        timeless("plan_named", drafting.named, drafting.drafter, annual.listed),
        timeless("plan_add", drafting.choose_item, annual.load, annual.show),
        timeless("plan_item", drafting.choose_ratio, annual.load, annual.show),
        timeless("plan_new", drafting.new, annual.load, annual.show),
        timeless("plan_tasks", planned.tasks, annual.load, annual.show),
        timeless("planned", planned.show, planned.load, planned.show),
        timeless("planned_ratio", planned.choose_other_ratio, planned.load, planned.show),
        timeless("planned_ratio_is", planned.other_ratio, planned.load, planned.show),
        timeless("planned_when", planned.choose_when, planned.load, planned.show),
        timeless("planned_when_is", planned.when, planned.load, planned.show),
        timeless("planned_more", planned.choose_department, planned.load, planned.show),
        timeless("planned_from", planned.choose_more, planned.load, planned.show),
        timeless("planned_item", planned.more, planned.load, planned.show),
        timeless("planned_less", planned.choose_less, planned.load, planned.show),
        timeless("planned_drop", planned.drop, planned.load, planned.show),
        timeless("planned_delete", planned.delete, planned.load, planned.show),
        timeless("planned_make", planned.make, planned.load, planned.show),
        timeless("new_task", plans.choose_item, plans.supervisor),
        timeless("task_item", plans.choose_area, plans.supervisor),
        timeless("task_area", plans.choose_ratio, plans.supervisor),
        timeless("task_ratio", plans.choose_window, plans.supervisor),
        timeless("task_weeks", plans.confirm, plans.supervisor),
        timeless("task_make", plans.make, plans.supervisor),
        timeless("task", plans.show, plans.seen, plans.show),
        timeless("task_more", tasks.choose_department, plans.load, plans.show),
        timeless("task_from", tasks.choose_item, plans.load, plans.show),
        timeless("task_add", tasks.add, plans.load, plans.show),
        timeless("task_less", tasks.choose_removed, plans.load, plans.show),
        timeless("task_remove", tasks.remove, plans.load, plans.show),
        timeless("task_table", tasks.factors, plans.load, plans.show),
        timeless("task_standard", tasks.standard, plans.load, plans.show),
        timeless("task_all", tasks.everybody, plans.load, plans.show),
        timeless("task_agree", tasks.agree, plans.seen, plans.show),
        timeless("task_decline", tasks.ask_why_not, plans.seen, plans.show),
        timeless("task_visits", tasks.visits, plans.seen, plans.show),
        timeless("offers", offers.listed),
        timeless("offer", offers.show, offers.load, offers.show),
        Tap("offer_ask", offers.ask, offers.load, offers.show),
        Tap("offer_agree", offers.agree, offers.load, offers.show),
        Tap("offer_decline", offers.decline, offers.load, offers.show),
        timeless("commit", draws.choose_witnesses, plans.load, plans.show),
        timeless("beacon", draws.commit_to_beacon, plans.load, plans.show),
        timeless("witness_1", draws.choose_witnesses, plans.load, plans.show),
        timeless("witness_2", draws.commit, plans.load, plans.show),
        timeless("draws", draws.listed),
        timeless("new_draw", draws.tasks_without_draw),
        timeless("draw", draws.show, draws.load, draws.show),
        Tap("remind", draws.remind, draws.load, draws.show),
        Tap("run", draws.run, draws.load, draws.show),
        Tap("release", stages.ask, draws.load, draws.show),
        Tap("release_all", stages.at_once, draws.load, stages.ask),
        Tap("release_weekly", stages.weekly, draws.load, stages.ask),
        Tap("release_next", stages.release_next, draws.load, draws.show),
        timeless("draw_visits", replacing.listed, draws.load, replacing.listed),
        Tap("open", draws.open_, draws.load, draws.show),
        Tap("void", draws.ask_void, draws.load, draws.show),
        timeless("appoint", draws.appoint, draws.load, draws.show),
        timeless("vacant", seats.show_open, seats.open_seat, seats.show_open),
        Tap(
            "appoint_one",
            seats.appoint,
            seats.open_seat,
            seats.show_open,
            lambda turn, thing: thing[1].version,
        ),
        timeless("witness", draws.ask_witness, draws.as_witness, draws.ask_witness),
        timeless("digest", digests.show),
        timeless("record", records.record, visits.load, visits.card),
        timeless("proof", records.proof, visits.load, visits.card),
        timeless("amend", records.ask_amendment, visits.load, visits.card),
        timeless("letter", letters.letter, visits.load, visits.card),
        timeless("letter_days", letters.choose, visits.load, visits.card),
        timeless("letter_day", letters.chosen, visits.load, visits.card),
        timeless("letter_ask", letters.ask, visits.load, visits.card),
        timeless("letter_urgent", letters.urgent, visits.load, visits.card),
        timeless("letter_show", letters.show, letters.load, letters.show),
        Tap("letter_yes", letters.approve, letters.load, letters.show),
        Tap("letter_no", letters.ask_why, letters.load, letters.show),
        Tap("letter_given", letters.given, letters.load, letters.show),
    )
}


async def tapped(turn: Turn) -> None:
    """A button: its verb says who answers."""
    assert turn.query
    if turn.chat.id < 0:  # a group: nobody's work is shown there
        turn.toast(turn.words("only_private"))
        return
    verb = (turn.query.data or "").partition(":")[0]
    await BUTTONS.get(verb, fallback.old_button)(turn)


def on(act: Callable[[Turn], Awaitable[None]]) -> Callable[[Update, Any], Coroutine[Any, Any, Any]]:
    """Let PTB call a handler of ours: the turn is the one that is being taken in this task."""

    async def called(_update: Update, _context: Any) -> None:
        await act(current.get())

    return called


async def _keep_error(_update: object, context: CallbackContext[Any, Any, Any, Any]) -> None:
    """PTB swallows what a handler raises; the turn must know, so that it can be rolled back."""
    current.get().failed = context.error


def install(application: Application[Any, Any, Any, Any, Any, Any]) -> None:
    """Give PTB the routes; the first that fits an update takes it, and the last fits all."""
    private = filters.ChatType.PRIVATE
    fresh = private & filters.UpdateType.MESSAGE
    routes: list[BaseHandler[Any, Any, Any]] = [
        ChatMemberHandler(on(fallback.membership), ChatMemberHandler.MY_CHAT_MEMBER),
        CallbackQueryHandler(on(tapped)),
        *(CommandHandler(name, on(act), fresh) for name, act in COMMANDS.items()),
        MessageHandler(fresh & filters.Document.ALL, on(imports.document)),
        MessageHandler(fresh & (filters.TEXT | filters.PHOTO), on(fallback.heard)),
        MessageHandler(fresh & EVIDENCE, on(fallback.recorded)),
        MessageHandler(private & filters.UpdateType.EDITED, on(fallback.edited)),
        MessageHandler(fresh, on(fallback.odd)),
        TypeHandler(Update, on(fallback.in_group)),
    ]
    application.add_handlers(routes)
    application.add_error_handler(_keep_error)
