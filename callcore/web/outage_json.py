"""Outages, previews, campaigns and nodes as the API says them. Pure."""

from __future__ import annotations

from callcore.campaigns.views import Preview, Report
from callcore.domain import Outage
from callcore.outages.board import Published
from callcore.outages.publication import Publication
from callcore.store.network import NodeSummary


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


def preview_json(preview: Preview) -> dict[str, object]:
    people = [
        {
            "name": each.target.name,
            "number": each.target.number,
            "address": each.target.address,
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
