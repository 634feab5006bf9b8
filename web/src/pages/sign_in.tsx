// Signing in by a token, where no session is there or it has ended.
import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError } from "../api/http";
import { signIn } from "../session";
import { Command, Fault } from "../ui/parts";

export function SignIn({ first }: { first: ApiError | null }) {
  const [own, setError] = useState<ApiError | null>(null);
  const error = own ?? first;
  const [busy, setBusy] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    document.title = "Sign in · Muster";
    input.current?.focus();
  }, []);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    try {
      await signIn(input.current?.value.trim() ?? "");
    } catch (problem) {
      setError(problem instanceof ApiError ? problem : new ApiError(0, "internal", String(problem)));
    }
    setBusy(false);
  };
  return (
    <main class="sign-in">
      <h1>Muster</h1>
      <p>On a machine that knows the server, this prints a link that opens the page signed in:</p>
      <Command text="muster ui" />
      <form onSubmit={submit}>
        <label for="token">Or sign in with a token</label>
        <div class="line">
          <input ref={input} id="token" type="password" autocomplete="current-password" placeholder="mu_…" required />
          <button type="submit" class="primary" disabled={busy}>Sign in</button>
        </div>
      </form>
      {error && <Fault error={error} />}
    </main>
  );
}
