//! The command line, as a user meets it: one behaviour a file.

#![allow(missing_docs, clippy::expect_used, clippy::panic, reason = "tests")]

mod a_link_is_what_the_page_shows;
mod a_long_schedule_is_cut;
mod a_scenario_reads_only_its_own;
mod array_jobs_of_the_documentation;
mod bad_fields_name_the_line;
mod bad_names_get_a_guess;
mod bad_options_are_told_in_one_line;
mod canaries_go_first;
mod check_says_what_is_wrong;
mod colours_only_when_wanted;
mod compare_shows_what_changed;
mod completions_are_printed;
mod ctrl_c_leaves_nothing_half;
mod dead_letters_are_looked_at;
mod dead_letters_go_back_to_work;
mod dead_letters_of_others;
mod every_limit_is_refused_by_name;
mod figures_of_all_tasks;
mod fuzz_seeds_hold;
mod hostile;
mod imports_act_as_they_do_there;
mod lists_of_what_there_is;
mod main_job;
mod nothing_hidden_reaches_the_reader;
mod other_systems_are_understood;
mod outputs_follow_their_schemas;
mod payloads_can_be_hidden;
mod pipe_may_close;
mod presets_save_what_is_theirs;
mod queues_lose_nothing;
mod queues_under_attack;
mod real_traces;
mod report_is_one_file;
mod same_seed_same_result;
mod schedule_of_a_policy;
mod security_table;
mod signals_end_at_once;
mod support;
mod sweep_in_parts_is_one_sweep;
mod sweep_shows_the_phases;
mod too_much_is_refused;
mod tune_finds_and_proves;
