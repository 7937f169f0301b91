"""What a refused call answers: raised anywhere in the simulator, made JSON by the HTTP layer alone."""

from typing import Any

Json = dict[str, Any]


class ApiError(Exception):
    """A refusal with Telegram's code and wording."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters

    def as_json(self) -> Json:
        """The body that Telegram would send."""
        body: Json = {"ok": False, "error_code": self.code, "description": self.description}
        if self.parameters:
            body["parameters"] = self.parameters
        return body


def bad(description: str) -> ApiError:
    """A 400 in Telegram's manner."""
    return ApiError(400, f"Bad Request: {description}")


def forbidden(description: str) -> ApiError:
    """A 403 in Telegram's manner."""
    return ApiError(403, f"Forbidden: {description}")


def too_many(seconds: int) -> ApiError:
    """A 429 that says when to try again."""
    return ApiError(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)
