// Starts the page.
import { mount } from "svelte";
import App from "./App.svelte";
import { openLaunched, workOffline } from "./offline.js";
import "./style.css";
import { applyTheme } from "./theme.js";

applyTheme();
const target = document.getElementById("app");
if (target !== null) mount(App, { target });
openLaunched();
workOffline();
