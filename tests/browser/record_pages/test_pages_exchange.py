"""Import, API and webhooks in a real browser: found from where one looks, clean in both languages."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from callcore.domain import Login

from .conftest import PEOPLE, Pages

pytestmark = pytest.mark.asyncio(loop_scope="module")
FILE = "contract;name;numbers\n7-1;Анна Воробьёва;+79161234501\n7-2;<script>x</script>;\n"
BAD = "contract;name;numbers\n7-3;Пётр;abc\n;=1+1;\n"


@pytest.mark.parametrize("login", ["root", "rita"])
async def test_they_are_clean(pages: Pages, login: str) -> None:
    language = PEOPLE[login][2]
    page = await pages.open("/customers", login)
    await pages.clean(page, f"exchange-customers-{language}")
    await page.locator("#page a[href='/customers/import']").click()
    await page.wait_for_url("**/customers/import")
    await pages.clean(page, f"exchange-import-{language}")
    for name, text in (("bad.csv", BAD), ("good.csv", FILE)):
        await page.goto(pages.url("/customers/import"))
        await page.locator("input[type=file]").set_input_files(
            files=[{"name": name, "mimeType": "text/csv", "buffer": text.encode()}]
        )
        await page.locator("#page form button").last.click()
        await expect(page.locator("#page")).to_contain_text(name)
        await pages.clean(page, f"exchange-{name}-{language}")
    await page.goto(pages.url("/admin"))
    await page.locator("#page a[href='/admin/webhooks']").click()
    await page.wait_for_url("**/admin/webhooks")
    await pages.clean(page, f"exchange-webhooks-{language}")
    await page.locator("#page a[href='/api']").click()
    await page.wait_for_url("**/api")
    await pages.clean(page, f"exchange-api-{language}")
    await page.close()


@pytest.mark.parametrize("login", ["root", "rita"])
async def test_one_subscription_is_clean(pages: Pages, login: str) -> None:
    now = pages.daemon.clock.now()
    store = pages.database.webhooks
    made = await store.add(
        f"crm {login}", "https://crm.invalid/h", ["case.*"], "whsec_AA==", Login(login), now
    )
    await store.send_test(made.id, "webhook.test", login, now)
    page = await pages.open(f"/admin/webhooks/{made.id}", login)
    await expect(page.locator("#page")).to_contain_text("webhook.test")
    await pages.clean(page, f"exchange-webhook-{PEOPLE[login][2]}")
    await page.close()
