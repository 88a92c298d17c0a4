// Light, dark, or what the system says. The choice is kept where the browser allows.

/** The choices, in the toggle's order. */
export const THEMES = ["auto", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const KEY = "torchtab.theme";

export function theme(): Theme {
  try {
    const kept = localStorage.getItem(KEY);
    return THEMES.find((t) => t === kept) ?? "auto";
  } catch {
    return "auto";
  }
}

export function applyTheme(choice: Theme = theme()): void {
  if (choice === "auto") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = choice;
  try {
    localStorage.setItem(KEY, choice);
  } catch {
    // A browser that keeps nothing shows the choice all the same.
  }
}
