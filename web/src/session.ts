// Who is signed in, and signing in and out.
import { signal } from "@preact/signals";
import { ApiError, change, get, send, signedIn } from "./api/http";
import type { Me } from "./api/types";

export const me = signal<Me | null>(null);

/** Asks who is signed in. A link in the address (#link=…) signs in first, and is gone from the address at once. */
export async function begin(): Promise<ApiError | null> {
  const link = new URLSearchParams(location.hash.slice(1)).get("link");
  if (link) history.replaceState(null, "", location.pathname + location.search);
  try {
    if (link) await send("/api/v1/session", { method: "POST", body: { link } });
    await know();
    return null;
  } catch (error) {
    // Somebody who is signed in already may have followed a link that was used.
    if (link && (await know().then(() => true, () => false))) return null;
    signedIn.value = false;
    return link && error instanceof ApiError ? error : null;
  }
}

export async function signIn(token: string): Promise<void> {
  await send("/api/v1/session", { method: "POST", body: { token } });
  await know();
}

export async function signOut(): Promise<void> {
  await change("DELETE", "/api/v1/session");
  me.value = null;
  signedIn.value = false;
}

async function know(): Promise<void> {
  me.value = await get<Me>("/api/v1/me");
  signedIn.value = true;
}

export const mayChange = () => me.value !== null && me.value.role !== "reader";
