"""The table of rules of firmware."""

from __future__ import annotations

from typing import TYPE_CHECKING

from csms.core.consequences import Consequences, nothing_asked
from csms.core.firmware import publications, updates
from csms.core.firmware.vocabulary import (
    FirmwareProgressed,
    PublicationProgressed,
    PublishFirmware,
    UnpublishFirmware,
    UpdateFirmware,
)
from csms.core.reports import Booted

if TYPE_CHECKING:
    from csms.core.areas import Rules

RULES: Rules = {
    Booted: (updates.boot_asked, updates.booted),
    FirmwareProgressed: (updates.progress_asked, updates.progressed),
    PublicationProgressed: (
        publications.publication_asked,
        publications.publication_progressed,
    ),
}
CONSEQUENCES: Consequences = {
    PublishFirmware: (publications.publish_asked, publications.publish_answered),
    UnpublishFirmware: (nothing_asked, publications.unpublish_answered),
    UpdateFirmware: (updates.update_asked, updates.update_answered),
}
