"""Outages, previews, campaigns and nodes as the API says them. Pure.

``is_masked``: to those who may not see numbers, names and addresses whole.
"""

from __future__ import annotations

from dataclasses import replace

from callcore.campaigns.views import Preview, Report
from callcore.domain import Outage
from callcore.outages.board import Published
from callcore.outages.publication import Publication
from callcore.store.attempts import DncEntry
from callcore.store.campaign_report import TargetLine
from callcore.store.network import NodeSummary
from callcore.web.masking import masked_number, masked_text


def outage_json(outage: Outage) -> dict[str, object]:
    return {
        "number": outage.number,
        "revision": outage.revision,
        "kind": outage.kind,
        "state": outage.state,
        "cause": outage.cause,
        "starts_at": outage.starts_at,
        "estimated_restoration_at": outage.estimated_restoration_at,
        "ended_at": outage.ended_at,
        "nodes": outage.nodes,
        "source": outage.source,
        "published_at": outage.published_at,
        "changed_at": outage.changed_at,
    }


def published_json(published: Published) -> dict[str, object]:
    return {**outage_json(published.outage), "became": published.became}


def publication_json(publication: Publication) -> dict[str, object]:
    return {
        "number": publication.number,
        "revision": publication.revision,
        "kind": publication.kind,
        "state": publication.state,
        "became": "checked",
        "nodes": publication.nodes,
    }


def preview_json(preview: Preview, *, is_masked: bool) -> dict[str, object]:
    name, number = (masked_text, masked_number) if is_masked else (str, str)
    people = [
        {
            "name": name(each.target.name),
            "number": number(each.target.number),
            "address": name(each.target.address),
            "medium": each.target.next_medium,
            "rule": each.rule or each.target.reason,
            "evidence": each.evidence,
            "until": each.until,
        }
        for each in preview.prospects
    ]
    return {
        "voice": preview.voice,
        "sms": preview.sms,
        "caller": preview.caller,
        "sms_parts": preview.sms_parts,
        "sms_alphabet": preview.sms_alphabet,
        "customers": preview.customers,
        "by_phone": preview.by_phone,
        "by_sms": preview.by_sms,
        "waiting": preview.waiting,
        "skipped": preview.skipped,
        "people": people,
    }


def line_shown(line: TargetLine, *, is_masked: bool) -> TargetLine:
    if not is_masked:
        return line
    whole = line.target
    target = replace(
        whole,
        name=masked_text(whole.name),
        number=masked_number(whole.number),
        others=tuple(map(masked_number, whole.others)),
        address=masked_text(whole.address),
    )
    return replace(line, target=target)


def dnc_shown(entry: DncEntry, *, is_masked: bool) -> DncEntry:
    return replace(entry, number=masked_number(entry.number)) if is_masked else entry


def report_json(report: Report) -> dict[str, object]:
    campaign = report.campaign
    return {
        "id": campaign.id,
        "outage": campaign.number,
        "revision": campaign.revision,
        "news": campaign.news,
        "state": campaign.state,
        "reason": campaign.reason,
        "created_at": campaign.created_at,
        "changed_at": campaign.changed_at,
        "voice": campaign.voice,
        "sms": campaign.sms,
        "now": report.now,
        "progress": report.progress,
        "calls_per_second": report.calls_per_second,
        "call_cap": report.call_cap,
        "lines_busy": report.lines_busy,
        "lines": report.lines,
    }


def node_json(summary: NodeSummary) -> dict[str, object]:
    node = summary.node
    return {
        "code": node.code,
        "parent": node.parent,
        "kind": node.kind,
        "name": node.name,
        "zone": node.zone,
        "children": summary.children,
        "customers": summary.customers,
    }
