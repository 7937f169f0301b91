"""What differs between installations, read from the environment once at the start."""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from rules.retention import LEAST, Periods


class Settings(BaseSettings):
    """Every variable has a default that works on one machine; see the README. What is wrong is a key of `locales`."""

    model_config = SettingsConfigDict(env_ignore_empty=True)

    bot_token: SecretStr = SecretStr("")
    bot_api_base_url: str = "https://api.telegram.org/bot"
    bot_api_file_url: str = "https://api.telegram.org/file/bot"
    database_url: str = ""
    data_dir: Path = Path("data")
    evidence_url: str = ""
    journal_key: Path | None = None
    public_url: str = ""
    host: str = "127.0.0.1"
    port: int = 8080
    page_seconds: float = Field(default=5, ge=0, le=300)  # how old a public page may be; 0: never kept
    requests_a_minute: int = Field(default=600, ge=0)  # from one address; 0: no limit
    proxies: int = Field(default=0, ge=0)  # of ours that stand before the pages and add to X-Forwarded-For
    telegram_mode: Literal["polling", "webhook"] = "polling"
    webhook_secret: SecretStr = SecretStr("")
    timezone: str = "Asia/Shanghai"
    language: Literal["zh_CN", "en"] = "zh_CN"
    authority: str = "金华市市场监督管理局"
    drand_relays: tuple[str, ...] = (
        "https://api.drand.sh",
        "https://api2.drand.sh",
        "https://api3.drand.sh",
        "https://drand.cloudflare.com",
    )
    keep_messages_days: int = Field(default=90, ge=0)  # what people sent, once it was handled; 0: for ever
    keep_notices_days: int = Field(default=365, ge=0)  # the words of notices
    keep_drafts_days: int = Field(default=180, ge=0)  # announcements that were never sent
    keep_evidence_days: int = Field(default=0, ge=0)  # after the matter ended
    log_level: str = Field(default="INFO")

    @field_validator("keep_evidence_days")
    @classmethod
    def _long_enough(cls, days: int) -> int:
        if 0 < days < LEAST:
            raise ValueError("cli.setting.keep_evidence_days")
        return days

    @field_validator("timezone")
    @classmethod
    def _known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ValueError, OSError, ZoneInfoNotFoundError):
            raise ValueError("cli.setting.timezone") from None
        return name

    @field_validator("database_url")
    @classmethod
    def _sqlite_or_postgresql(cls, url: str) -> str:
        if url and not url.startswith(("sqlite:///", "postgresql://")):
            raise ValueError("cli.setting.database_url")
        return url

    @field_validator("evidence_url")
    @classmethod
    def _folder_or_bucket(cls, url: str) -> str:
        if url and not url.startswith(("file:///", "s3://")):
            raise ValueError("cli.setting.evidence_url")
        return url

    @property
    def periods(self) -> Periods:
        """For how long what may be forgotten is kept."""
        return Periods(self.keep_messages_days, self.keep_notices_days, self.keep_drafts_days, self.keep_evidence_days)

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the people here."""
        return ZoneInfo(self.timezone)

    @property
    def database(self) -> str:
        """Where the data is: PostgreSQL, or a SQLite file in the data folder."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'suicha.db').absolute()}"

    @property
    def evidence(self) -> str:
        """Where evidence is kept: a folder, or an S3 bucket."""
        return self.evidence_url or (self.data_dir / "evidence").absolute().as_uri()

    @property
    def journal_key_path(self) -> Path:
        """The file with the key that signs the journal; the same for all processes of an installation."""
        return self.journal_key or self.data_dir / "journal.key"

    @property
    def address(self) -> str:
        """The address of the public pages, without a slash at the end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")
