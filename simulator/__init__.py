"""A local Telegram, because a bot must be tried without the real one: Bot API, people, phones to look at."""

from .api import Call
from .errors import ApiError
from .faults import Fault
from .group import Group
from .phone import Phone
from .speaker import Sent
from .telegram import Answered, Telegram
from .view import Message

__all__ = ["Answered", "ApiError", "Call", "Fault", "Group", "Message", "Phone", "Sent", "Telegram"]
