"""Photos and files: Telegram recompresses what is sent as a photo, and hands everything out by file id."""

import hashlib
import io
import mimetypes
from dataclasses import asdict, dataclass
from pathlib import Path

import pillow_heif
from PIL import Image, ImageOps

from .errors import Json, bad

MAX_PHOTO_BYTES = 10 * 1024 * 1024
MAX_UPLOAD_BYTES = 50 * 1024 * 1024
MAX_DOWNLOAD_BYTES = 20 * 1024 * 1024
pillow_heif.register_heif_opener()  # an iPhone turns its HEIC into JPEG when it sends it as a photo

SIDES = {"s": 90, "m": 320, "x": 800, "y": 1280}


@dataclass
class Upload:
    """A file that came with a call."""

    name: str
    data: bytes
    mime: str = ""

    def __repr__(self) -> str:
        return f"Upload({self.name!r}, {len(self.data)} bytes)"


@dataclass
class StoredFile:
    """A file that the simulated Telegram keeps."""

    file_id: str
    unique: str
    path: str
    size: int
    mime: str
    name: str

    def as_json(self) -> Json:
        """What every kind of file object has."""
        return {"file_id": self.file_id, "file_unique_id": self.unique, "file_size": self.size}


class Files:
    """All files by id; their bytes lie in memory or, with a folder, on disk."""

    def __init__(self) -> None:
        self.by_id: dict[str, StoredFile] = {}
        self.folder: Path | None = None
        self.count = 0
        self._bytes: dict[str, bytes] = {}

    def add(self, kind: str, data: bytes, name: str, mime: str = "") -> StoredFile:
        """Stores bytes under new ids."""
        self.count += 1
        mime = mime or mimetypes.guess_type(name)[0] or "application/octet-stream"
        suffix = Path(name).suffix or mimetypes.guess_extension(mime) or ""
        digest = hashlib.sha256(b"%d:" % self.count + data).hexdigest()
        path = f"{kind}/file_{self.count}{suffix.lower()}"
        file = StoredFile(f"BQAC{self.count:06d}{digest[:44]}", f"AQAD{digest[44:60]}", path, len(data), mime, name)
        self.by_id[file.file_id] = file
        if self.folder is None:
            self._bytes[path] = data
        else:
            target = self.folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        return file

    def get(self, file_id: str) -> StoredFile:
        """A file by its id, or Telegram's refusal."""
        if file_id.startswith(("http://", "https://")):
            raise bad("failed to get HTTP URL content")
        if file_id not in self.by_id:
            raise bad("wrong file identifier/HTTP URL specified")
        return self.by_id[file_id]

    def at(self, path: str) -> StoredFile | None:
        """A file by the path that getFile gave."""
        return next((file for file in self.by_id.values() if file.path == path), None)

    def unique(self, unique: str) -> StoredFile | None:
        """A file by its unique id."""
        return next((file for file in self.by_id.values() if file.unique == unique), None)

    def read(self, file: StoredFile) -> bytes:
        """The bytes of a file."""
        if self.folder is None:
            return self._bytes[file.path]
        return (self.folder / file.path).read_bytes()

    def dump(self) -> list[Json]:
        """What is saved of the files."""
        return [asdict(file) for file in self.by_id.values()]

    def load(self, rows: list[Json]) -> None:
        """What was saved of the files."""
        self.by_id = {row["file_id"]: StoredFile(**row) for row in rows}
        self.count = len(rows)


def sizes(data: bytes) -> list[tuple[int, int, bytes]]:
    """Width, height and JPEG of every size that Telegram makes of a photo, smallest first."""
    if len(data) > MAX_PHOTO_BYTES:
        raise bad(f"file of size {len(data)} bytes is too big for a photo; the maximum size is {MAX_PHOTO_BYTES} bytes")
    try:
        with Image.open(io.BytesIO(data)) as opened:
            width, height = opened.size
            if width + height > 10000 or max(width, height) > 20 * min(width, height):
                raise bad("PHOTO_INVALID_DIMENSIONS")
            opened.draft("RGB", (SIDES["y"] * 2, SIDES["y"] * 2))
            flat = Image.new("RGB", opened.size, "white")
            image = opened.convert("RGBA") if opened.mode in ("P", "LA", "RGBA") else opened.convert("RGB")
            flat.paste(image, mask=image if image.mode == "RGBA" else None)
            if orientation := opened.getexif().get(0x0112):
                flat.getexif()[0x0112] = orientation
                flat = ImageOps.exif_transpose(flat)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise bad("IMAGE_PROCESS_FAILED") from error
    made = []
    longest = max(width, height)
    for side in SIDES.values():
        small = flat.copy()
        small.thumbnail((side, side), Image.Resampling.LANCZOS)
        buffer = io.BytesIO()
        small.save(buffer, "JPEG", quality=87)
        made.append((*small.size, buffer.getvalue()))
        if side >= longest:
            break
    return made


def add_photo(files: Files, data: bytes) -> list[Json]:
    """Stores a photo in all its sizes and answers Telegram's list of PhotoSize."""
    photo = []
    for width, height, jpeg in sizes(data):
        file = files.add("photos", jpeg, "photo.jpg", "image/jpeg")
        photo.append(file.as_json() | {"width": width, "height": height})
    return photo
