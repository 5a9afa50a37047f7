// The page behind an enrollment link: for a person whose phone opened it in a browser instead of in the app.
import { createHash } from 'node:crypto';

const style = `
:root { color-scheme: light dark; --ground: #f4f5f8; --card: #fff; --ink: #17191f; --soft: #565c6b; --line: #dfe2e9; --accent: #2f5bea; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #101218; --card: #191c25; --ink: #eef0f5; --soft: #a4abbb; --line: #2b303d; --accent: #8aa6ff; }
}
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; background: var(--ground);
  color: var(--ink); font: 1rem/1.55 system-ui, sans-serif; }
main { width: 100%; max-width: 30rem; padding: 2.25rem; background: var(--card); border: 1px solid var(--line); border-radius: 1.1rem; }
svg { display: block; margin-left: -.7rem; width: 3rem; height: 3rem; color: var(--accent); }
h1 { margin: 1.1rem 0 .4rem; font-size: 1.45rem; line-height: 1.25; }
p { margin: 0 0 1rem; color: var(--soft); }
ol { margin: 0 0 1.25rem; padding: 0; list-style: none; counter-reset: step; }
li { position: relative; margin: .8rem 0; padding-left: 2.5rem; counter-increment: step; }
li::before { content: counter(step); position: absolute; left: 0; top: 0; width: 1.65rem; height: 1.65rem; border-radius: 50%;
  background: color-mix(in srgb, var(--accent) 16%, transparent); color: var(--accent); font-weight: 600; text-align: center; }
.note { margin: 0; padding-top: 1.1rem; border-top: 1px solid var(--line); font-size: .9rem; }
`;

export const enrollPage = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Add this phone</title>
<style>${style}</style>
</head>
<body>
<main>
<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><rect x="6" y="2.5" width="12" height="19" rx="2.5"/><path d="m9.3 12.2 2 2 3.6-4"/></svg>
<h1>This link adds a phone</h1>
<p>It belongs in the app in which you approve sign-ins. Your browser cannot use it.</p>
<ol>
<li>Install or open the app on the phone you want to add.</li>
<li>Choose <strong>Add account</strong> and scan the QR code that brought you here.</li>
<li>The code works once, for ten minutes. Is it older? Ask for a new one where you got it.</li>
</ol>
<p class="note">Did someone send you this link? Close this page, and do not pass the link on: whoever holds it could add their own phone to your account.</p>
</main>
</body>
</html>
`;

const styleHash = createHash('sha256').update(style).digest('base64');

/** Nothing but its own style: no script, no image, no request. */
export const enrollPagePolicy = `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
