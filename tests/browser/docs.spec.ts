// The documentation is true: every public call has an example, every example has the right types and runs in Chromium, the guides' code too, and
// TypeDoc has nothing to warn of.
import { expect, test } from "@playwright/test";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { tool } from "./pack.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const results = resolve(root, "tests/browser/results/docs");
const read = (path: string): string => readFileSync(resolve(root, path), "utf8");
const PUBLIC = ["index", "checkpoint", "model", "shards", "head", "tensor", "errors", "element"];

test.use({ launchOptions: { executablePath: process.env["TORCHTAB_CHROMIUM"] ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] } });

interface Example {
  readonly name: string;
  readonly code: string;
}

const fences = (text: string, language: string): string[] => [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms"))].map(([, code]) => code as string);

/** The examples of the API, and the public calls that have none. */
function documented(): { examples: Example[]; without: string[] } {
  const [examples, without]: [Example[], string[]] = [[], []];
  for (const module of PUBLIC) {
    const file = ts.createSourceFile(`${module}.ts`, read(`www/api/${module}.ts`), ts.ScriptTarget.Latest, true);
    const exported = (node: ts.Node): boolean => ts.canHaveModifiers(node) && (ts.getModifiers(node) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
    const visit = (node: ts.Node, name: string, call: boolean): void => {
      const tags = ts.getJSDocTags(node);
      if (tags.some(({ tagName }) => tagName.text === "internal")) return;
      const found = tags.filter(({ tagName }) => tagName.text === "example").flatMap(({ comment }) => fences(`${ts.getTextOfJSDocComment(comment) ?? ""}\n`, "ts"));
      found.forEach((code, i) => examples.push({ name: found.length > 1 ? `${name} ${i + 1}` : name, code }));
      if (call && found.length === 0) without.push(name);
    };
    for (const node of file.statements.filter(exported)) {
      if (ts.isFunctionDeclaration(node) && ["index", "tensor"].includes(module)) visit(node, node.name?.text ?? "", true);
      if (!ts.isClassDeclaration(node)) continue;
      const owner = node.name?.text ?? "";
      visit(node, owner, false);
      for (const member of node.members) {
        const called = ts.isMethodDeclaration(member) || ts.isGetAccessorDeclaration(member);
        if (called && ts.isIdentifier(member.name)) visit(member, `${owner}.${member.name.text}`, true);
      }
    }
  }
  return { examples, without };
}

const { examples, without } = documented();
const guides: Example[] = [
  ...["docs/web-demo.md", "docs/personalise.md", "docs/hosting.md"].map((name) => ({ name, code: fences(read(name), "ts").join("\n") })),
  { name: "README.md", code: fences(read("README.md"), "js").join("\n") },
  { name: "pkg/README.md", code: fences(read("pkg/README.md"), "ts").join("\n") },
];

/** An example as a module's text: its own imports, and those of the package's names it leaves to the reader. */
function module(code: string): string {
  const imported = new Set([...code.matchAll(/import \{([^}]*)\} from "torchtab"/g)].flatMap(([, names]) => (names as string).split(",").map((name) => name.trim())));
  const used = ["open", "openShards", "shardName", "newHead", "load", "numbers", "TorchtabError"].filter((name) => !imported.has(name) && new RegExp(`(?<!\\w\\.)\\b${name}\\b`).test(code));
  const element = code.includes("TorchtabModel") ? 'import type { TorchtabModel } from "../../../../www/api/element.js";\n' : "";
  return `import { ${used.join(", ")} } from "torchtab";\n${element}${code}\nexport {};\n`;
}

test("every public call has an example", () => {
  // `toRaw` and the like of tensor.ts are the package's own: only `numbers` leaves it.
  const own = ["fromRaw", "toRaw", "toRawInputs", "transferable", "isImage", "TorchtabError.plain"];
  expect(without.filter((name) => !own.includes(name))).toEqual([]);
  expect(examples.length).toBeGreaterThan(25);
});

test("examples have the right types", () => {
  rmSync(results, { recursive: true, force: true });
  mkdirSync(results, { recursive: true });
  const files = [...examples, ...guides].map(({ name, code }) => {
    const file = `${name.replaceAll(/\W/g, "_")}.ts`;
    writeFileSync(resolve(results, file), module(code));
    return file;
  });
  const options = {
    extends: "../../../../tsconfig.json",
    compilerOptions: {
      noEmit: true, noUnusedLocals: false, noUncheckedIndexedAccess: false, exactOptionalPropertyTypes: false,
      paths: { torchtab: ["../../../../www/api/index.ts"] },
    },
    files: [...files, "../../prelude.d.ts"],
  };
  writeFileSync(resolve(results, "tsconfig.json"), JSON.stringify(options));
  let told = "";
  try {
    execFileSync(tool("tsc"), ["-p", results], { encoding: "utf8", cwd: results });
  } catch (thrown) {
    told = (thrown as { stdout: string }).stdout;
  }
  expect(told).toBe("");
});

test("examples run", async ({ page }) => {
  test.setTimeout(240_000);
  let collected: Buffer | undefined;
  const failures: string[] = [];
  const sample = (path: string) => ({ body: readFileSync(resolve(root, "samples/digits", path)), contentType: path.endsWith(".py") ? "text/plain" : "application/octet-stream" });
  await page.route(/\/(models\/\w+|guide\/digits)\.pth$/, (route) => route.fulfill(sample("digits.pth")));
  await page.route("**/guide/model.py", (route) => route.fulfill(sample("model.py")));
  await page.route("**/guide/page.html", (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html><title>A page</title>" }));
  await page.route("**/guide/collect", (route) => {
    collected = route.request().postDataBuffer() ?? undefined;
    return route.fulfill({ status: 204 });
  });
  await page.route("**/torchtab/**", (route) => route.fulfill({ path: resolve(root, "pkg", new URL(route.request().url()).pathname.replace("/torchtab/", "")) }));
  await page.goto("/guide/page.html");
  for (const { name, code } of [...examples, ...guides]) {
    const plain = ts.transpileModule(code.replaceAll(/^import .* from ".*";$/gm, "").replaceAll(/^export /gm, ""), {
      compilerOptions: { target: ts.ScriptTarget.ESNext, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true },
    }).outputText.replace(/^export \{\};?$/m, "");
    const failure = await page.evaluate(async (code) => {
      const torchtab = (await import("/pkg/dist/index.js" as string)) as typeof import("../../www/api/index.js");
      const { prelude } = (await import("/tests/browser/prelude.js" as string)) as { prelude(api: typeof torchtab, code: string): Promise<{ [name: string]: unknown }> };
      const names = { ...torchtab, ...(await prelude(torchtab, code)) };
      const run = new Function(...Object.keys(names), `return (async () => { ${code} })()`) as (...values: unknown[]) => Promise<void>;
      const late = new Promise<string>((told) => setTimeout(told, 60_000, "not done after a minute"));
      return Promise.race([late, run(...Object.values(names)).then(() => undefined, (thrown: unknown) => String(thrown))]);
    }, plain);
    if (failure !== undefined) failures.push(`${name}: ${failure}`);
  }
  expect(failures).toEqual([]);
  // What the guide's visitor sent, on the guide's server.
  const server = resolve(results, "server");
  mkdirSync(server, { recursive: true });
  writeFileSync(resolve(server, "update.pth"), collected ?? "");
  writeFileSync(resolve(server, "digits.pth"), sample("digits.pth").body);
  const printed = execFileSync(process.env["TORCHTAB_PYTHON"] ?? "python3", ["-c", fences(read("docs/personalise.md"), "python").join("\n")], { cwd: server, encoding: "utf8" });
  expect(printed.trim()).toBe("['fc2.weight', 'fc2.bias']");
});

test("TypeDoc has nothing to warn of", () => {
  const out = resolve(results, "api");
  execFileSync(tool("typedoc"), ["--options", "www/api/typedoc.json", "--out", out], { cwd: root, encoding: "utf8", stdio: "pipe" });
  expect(readFileSync(resolve(out, "classes/index.Model.html"), "utf8").includes('id="schedulerstep"')).toBe(true);
});
